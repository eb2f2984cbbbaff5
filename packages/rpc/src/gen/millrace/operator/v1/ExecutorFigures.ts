// Original file: proto/millrace/operator/v1/operator_service.proto

import type { Long } from '@grpc/proto-loader';

export interface ExecutorFigures {
  'executor'?: (string);
  'tasks'?: (number | string | Long);
  'failures'?: (number | string | Long);
  'taskMs'?: (number | string);
  'recordsIn'?: (number | string | Long);
  'recordsOut'?: (number | string | Long);
  'rssBytes'?: (number | string | Long);
  'poolBytes'?: (number | string | Long);
  'blocks'?: (number | string | Long);
  'spilledBytes'?: (number | string | Long);
}

export interface ExecutorFigures__Output {
  'executor': (string);
  'tasks': (number);
  'failures': (number);
  'taskMs': (number);
  'recordsIn': (number);
  'recordsOut': (number);
  'rssBytes': (number);
  'poolBytes': (number);
  'blocks': (number);
  'spilledBytes': (number);
}

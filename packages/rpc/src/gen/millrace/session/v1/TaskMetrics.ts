// Original file: proto/millrace/session/v1/session_service.proto

import type { Long } from '@grpc/proto-loader';

export interface TaskMetrics {
  'runMs'?: (number | string);
  'recordsIn'?: (number | string | Long);
  'recordsOut'?: (number | string | Long);
  'spilledBytes'?: (number | string | Long);
}

export interface TaskMetrics__Output {
  'runMs': (number);
  'recordsIn': (number);
  'recordsOut': (number);
  'spilledBytes': (number);
}

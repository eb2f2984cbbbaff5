// Original file: proto/millrace/session/v1/session_service.proto

import type { Long } from '@grpc/proto-loader';

export interface Heartbeat {
  'rssBytes'?: (number | string | Long);
  'poolBytes'?: (number | string | Long);
  'blocks'?: (number | string | Long);
  'spilledBytes'?: (number | string | Long);
}

export interface Heartbeat__Output {
  'rssBytes': (number);
  'poolBytes': (number);
  'blocks': (number);
  'spilledBytes': (number);
}

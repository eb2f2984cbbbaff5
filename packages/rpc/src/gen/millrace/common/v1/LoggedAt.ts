// Original file: proto/millrace/common/v1/common.proto

import type { Long } from '@grpc/proto-loader';

export interface LoggedAt {
  'segment'?: (string);
  'offset'?: (number | string | Long);
}

export interface LoggedAt__Output {
  'segment': (string);
  'offset': (number);
}

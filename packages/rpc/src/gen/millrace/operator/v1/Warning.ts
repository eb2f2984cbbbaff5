// Original file: proto/millrace/operator/v1/operator_service.proto

import type { Long } from '@grpc/proto-loader';

export interface Warning {
  'code'?: (string);
  'subject'?: (string);
  'message'?: (string);
  'lasting'?: (boolean);
  'firstAtMs'?: (number | string | Long);
  'lastAtMs'?: (number | string | Long);
  'count'?: (number | string | Long);
}

export interface Warning__Output {
  'code': (string);
  'subject': (string);
  'message': (string);
  'lasting': (boolean);
  'firstAtMs': (number);
  'lastAtMs': (number);
  'count': (number);
}

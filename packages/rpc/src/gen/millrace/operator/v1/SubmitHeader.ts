// Original file: proto/millrace/operator/v1/operator_service.proto

import type { Long } from '@grpc/proto-loader';

export interface SubmitHeader {
  'name'?: (string);
  'conf'?: ({[key: string]: string});
  'args'?: (string)[];
  'artefactBytes'?: (number | string | Long);
  'drop'?: (string)[];
  'availableNow'?: (boolean);
  '_name'?: "name";
}

export interface SubmitHeader__Output {
  'name'?: (string);
  'conf': ({[key: string]: string});
  'args': (string)[];
  'artefactBytes': (number);
  'drop': (string)[];
  'availableNow': (boolean);
  '_name'?: "name";
}

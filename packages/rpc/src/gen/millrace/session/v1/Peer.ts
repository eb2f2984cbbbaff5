// Original file: proto/millrace/session/v1/session_service.proto

import type { DataAddress as _millrace_common_v1_DataAddress, DataAddress__Output as _millrace_common_v1_DataAddress__Output } from '../../../millrace/common/v1/DataAddress.ts';

export interface Peer {
  'executor'?: (string);
  'data'?: (_millrace_common_v1_DataAddress | null);
}

export interface Peer__Output {
  'executor': (string);
  'data': (_millrace_common_v1_DataAddress__Output | null);
}

// Original file: proto/millrace/session/v1/session_service.proto

import type { DataAddress as _millrace_common_v1_DataAddress, DataAddress__Output as _millrace_common_v1_DataAddress__Output } from '../../../millrace/common/v1/DataAddress.ts';

export interface ExecutorHello {
  'protocol'?: (number);
  'job'?: (string);
  'executor'?: (string);
  'slots'?: (number);
  'data'?: (_millrace_common_v1_DataAddress | null);
  'pid'?: (number);
  'zone'?: (string);
}

export interface ExecutorHello__Output {
  'protocol': (number);
  'job': (string);
  'executor': (string);
  'slots': (number);
  'data': (_millrace_common_v1_DataAddress__Output | null);
  'pid': (number);
  'zone': (string);
}

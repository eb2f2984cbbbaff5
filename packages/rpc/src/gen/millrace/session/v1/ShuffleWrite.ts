// Original file: proto/millrace/session/v1/session_service.proto

import type { PersistLevel as _millrace_session_v1_PersistLevel, PersistLevel__Output as _millrace_session_v1_PersistLevel__Output } from '../../../millrace/session/v1/PersistLevel.ts';
import type { Long } from '@grpc/proto-loader';

export interface ShuffleWrite {
  'shuffle'?: (number | string | Long);
  'partitions'?: (number);
  'level'?: (_millrace_session_v1_PersistLevel | null);
}

export interface ShuffleWrite__Output {
  'shuffle': (number);
  'partitions': (number);
  'level': (_millrace_session_v1_PersistLevel__Output | null);
}

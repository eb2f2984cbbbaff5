// Original file: proto/millrace/session/v1/session_service.proto

import type { BlockLevel as _millrace_session_v1_BlockLevel, BlockLevel__Output as _millrace_session_v1_BlockLevel__Output } from '../../../millrace/session/v1/BlockLevel.ts';
import type { Long } from '@grpc/proto-loader';

export interface ShuffleWrite {
  'shuffle'?: (number | string | Long);
  'partitions'?: (number);
  'level'?: (_millrace_session_v1_BlockLevel | null);
}

export interface ShuffleWrite__Output {
  'shuffle': (number);
  'partitions': (number);
  'level': (_millrace_session_v1_BlockLevel__Output | null);
}

// Original file: proto/millrace/session/v1/session_service.proto

import type { FormerHead as _millrace_session_v1_FormerHead, FormerHead__Output as _millrace_session_v1_FormerHead__Output } from '../../../millrace/session/v1/FormerHead.ts';
import type { Long } from '@grpc/proto-loader';

export interface FormerHeads {
  'batchMs'?: (number | string | Long);
  'partitions'?: (number);
  'heads'?: (_millrace_session_v1_FormerHead)[];
}

export interface FormerHeads__Output {
  'batchMs': (number);
  'partitions': (number);
  'heads': (_millrace_session_v1_FormerHead__Output)[];
}

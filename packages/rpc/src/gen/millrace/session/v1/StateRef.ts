// Original file: proto/millrace/session/v1/session_service.proto

import type { StateVersion as _millrace_session_v1_StateVersion, StateVersion__Output as _millrace_session_v1_StateVersion__Output } from '../../../millrace/session/v1/StateVersion.ts';
import type { FormerHeads as _millrace_session_v1_FormerHeads, FormerHeads__Output as _millrace_session_v1_FormerHeads__Output } from '../../../millrace/session/v1/FormerHeads.ts';
import type { Long } from '@grpc/proto-loader';

export interface StateRef {
  'operator'?: (string);
  'partition'?: (number);
  'partitions'?: (number);
  'head'?: (_millrace_session_v1_StateVersion | null);
  'batchMs'?: (number | string | Long);
  'directory'?: (string);
  'oldestMs'?: (number | string | Long);
  'first'?: (boolean);
  'writes'?: (_millrace_session_v1_StateVersion | null);
  'from'?: (_millrace_session_v1_FormerHeads | null);
}

export interface StateRef__Output {
  'operator': (string);
  'partition': (number);
  'partitions': (number);
  'head': (_millrace_session_v1_StateVersion__Output | null);
  'batchMs': (number);
  'directory': (string);
  'oldestMs': (number);
  'first': (boolean);
  'writes': (_millrace_session_v1_StateVersion__Output | null);
  'from': (_millrace_session_v1_FormerHeads__Output | null);
}

// Original file: proto/millrace/session/v1/session_service.proto

import type { StateVersion as _millrace_session_v1_StateVersion, StateVersion__Output as _millrace_session_v1_StateVersion__Output } from '../../../millrace/session/v1/StateVersion.ts';

export interface FormerHead {
  'partition'?: (number);
  'version'?: (_millrace_session_v1_StateVersion | null);
}

export interface FormerHead__Output {
  'partition': (number);
  'version': (_millrace_session_v1_StateVersion__Output | null);
}

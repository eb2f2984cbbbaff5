// Original file: proto/millrace/session/v1/session_service.proto

import type { ReceivedPlace as _millrace_session_v1_ReceivedPlace, ReceivedPlace__Output as _millrace_session_v1_ReceivedPlace__Output } from '../../../millrace/session/v1/ReceivedPlace.ts';

export interface HeldRun {
  'stream'?: (number);
  'epoch'?: (number);
  'run'?: (number);
  'after'?: (_millrace_session_v1_ReceivedPlace | null);
  'running'?: (boolean);
}

export interface HeldRun__Output {
  'stream': (number);
  'epoch': (number);
  'run': (number);
  'after': (_millrace_session_v1_ReceivedPlace__Output | null);
  'running': (boolean);
}

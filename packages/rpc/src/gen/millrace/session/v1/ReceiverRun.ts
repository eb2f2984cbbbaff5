// Original file: proto/millrace/session/v1/session_service.proto

import type { ReceivedPlace as _millrace_session_v1_ReceivedPlace, ReceivedPlace__Output as _millrace_session_v1_ReceivedPlace__Output } from '../../../millrace/session/v1/ReceivedPlace.ts';

export interface ReceiverRun {
  'input'?: (string);
  'epoch'?: (number);
  'run'?: (number);
  'after'?: (_millrace_session_v1_ReceivedPlace | null);
  'position'?: (Buffer | Uint8Array | string);
  '_position'?: "position";
}

export interface ReceiverRun__Output {
  'input': (string);
  'epoch': (number);
  'run': (number);
  'after': (_millrace_session_v1_ReceivedPlace__Output | null);
  'position'?: (Buffer);
  '_position'?: "position";
}

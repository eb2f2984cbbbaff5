// Original file: proto/millrace/session/v1/session_service.proto

import type { ReceiverRunning as _millrace_session_v1_ReceiverRunning, ReceiverRunning__Output as _millrace_session_v1_ReceiverRunning__Output } from '../../../millrace/session/v1/ReceiverRunning.ts';
import type { ReceiverRetrying as _millrace_session_v1_ReceiverRetrying, ReceiverRetrying__Output as _millrace_session_v1_ReceiverRetrying__Output } from '../../../millrace/session/v1/ReceiverRetrying.ts';
import type { ReceiverStopped as _millrace_session_v1_ReceiverStopped, ReceiverStopped__Output as _millrace_session_v1_ReceiverStopped__Output } from '../../../millrace/session/v1/ReceiverStopped.ts';
import type { ReceiverTrouble as _millrace_session_v1_ReceiverTrouble, ReceiverTrouble__Output as _millrace_session_v1_ReceiverTrouble__Output } from '../../../millrace/session/v1/ReceiverTrouble.ts';

export interface ReceiverReport {
  'stream'?: (number);
  'running'?: (_millrace_session_v1_ReceiverRunning | null);
  'retrying'?: (_millrace_session_v1_ReceiverRetrying | null);
  'stopped'?: (_millrace_session_v1_ReceiverStopped | null);
  'trouble'?: (_millrace_session_v1_ReceiverTrouble | null);
  'status'?: "running"|"retrying"|"stopped"|"trouble";
}

export interface ReceiverReport__Output {
  'stream': (number);
  'running'?: (_millrace_session_v1_ReceiverRunning__Output | null);
  'retrying'?: (_millrace_session_v1_ReceiverRetrying__Output | null);
  'stopped'?: (_millrace_session_v1_ReceiverStopped__Output | null);
  'trouble'?: (_millrace_session_v1_ReceiverTrouble__Output | null);
  'status'?: "running"|"retrying"|"stopped"|"trouble";
}

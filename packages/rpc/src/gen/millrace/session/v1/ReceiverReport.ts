// Original file: proto/millrace/session/v1/session_service.proto

import type { ReceiverRunning as _millrace_session_v1_ReceiverRunning, ReceiverRunning__Output as _millrace_session_v1_ReceiverRunning__Output } from '../../../millrace/session/v1/ReceiverRunning.ts';
import type { ReceiverRetrying as _millrace_session_v1_ReceiverRetrying, ReceiverRetrying__Output as _millrace_session_v1_ReceiverRetrying__Output } from '../../../millrace/session/v1/ReceiverRetrying.ts';
import type { ReceiverStopped as _millrace_session_v1_ReceiverStopped, ReceiverStopped__Output as _millrace_session_v1_ReceiverStopped__Output } from '../../../millrace/session/v1/ReceiverStopped.ts';
import type { ReceiverTrouble as _millrace_session_v1_ReceiverTrouble, ReceiverTrouble__Output as _millrace_session_v1_ReceiverTrouble__Output } from '../../../millrace/session/v1/ReceiverTrouble.ts';
import type { ReceiverStuck as _millrace_session_v1_ReceiverStuck, ReceiverStuck__Output as _millrace_session_v1_ReceiverStuck__Output } from '../../../millrace/session/v1/ReceiverStuck.ts';
import type { ReceiverAnswering as _millrace_session_v1_ReceiverAnswering, ReceiverAnswering__Output as _millrace_session_v1_ReceiverAnswering__Output } from '../../../millrace/session/v1/ReceiverAnswering.ts';
import type { ReceiverUnlogged as _millrace_session_v1_ReceiverUnlogged, ReceiverUnlogged__Output as _millrace_session_v1_ReceiverUnlogged__Output } from '../../../millrace/session/v1/ReceiverUnlogged.ts';
import type { ReceiverLogged as _millrace_session_v1_ReceiverLogged, ReceiverLogged__Output as _millrace_session_v1_ReceiverLogged__Output } from '../../../millrace/session/v1/ReceiverLogged.ts';

export interface ReceiverReport {
  'stream'?: (number);
  'running'?: (_millrace_session_v1_ReceiverRunning | null);
  'retrying'?: (_millrace_session_v1_ReceiverRetrying | null);
  'stopped'?: (_millrace_session_v1_ReceiverStopped | null);
  'trouble'?: (_millrace_session_v1_ReceiverTrouble | null);
  'stuck'?: (_millrace_session_v1_ReceiverStuck | null);
  'answering'?: (_millrace_session_v1_ReceiverAnswering | null);
  'unlogged'?: (_millrace_session_v1_ReceiverUnlogged | null);
  'logged'?: (_millrace_session_v1_ReceiverLogged | null);
  'status'?: "running"|"retrying"|"stopped"|"trouble"|"stuck"|"answering"|"unlogged"|"logged";
}

export interface ReceiverReport__Output {
  'stream': (number);
  'running'?: (_millrace_session_v1_ReceiverRunning__Output | null);
  'retrying'?: (_millrace_session_v1_ReceiverRetrying__Output | null);
  'stopped'?: (_millrace_session_v1_ReceiverStopped__Output | null);
  'trouble'?: (_millrace_session_v1_ReceiverTrouble__Output | null);
  'stuck'?: (_millrace_session_v1_ReceiverStuck__Output | null);
  'answering'?: (_millrace_session_v1_ReceiverAnswering__Output | null);
  'unlogged'?: (_millrace_session_v1_ReceiverUnlogged__Output | null);
  'logged'?: (_millrace_session_v1_ReceiverLogged__Output | null);
  'status'?: "running"|"retrying"|"stopped"|"trouble"|"stuck"|"answering"|"unlogged"|"logged";
}

// Original file: proto/millrace/session/v1/session_service.proto

import type { ExecutorHello as _millrace_session_v1_ExecutorHello, ExecutorHello__Output as _millrace_session_v1_ExecutorHello__Output } from '../../../millrace/session/v1/ExecutorHello.ts';
import type { ExecutorReady as _millrace_session_v1_ExecutorReady, ExecutorReady__Output as _millrace_session_v1_ExecutorReady__Output } from '../../../millrace/session/v1/ExecutorReady.ts';
import type { TaskStatuses as _millrace_session_v1_TaskStatuses, TaskStatuses__Output as _millrace_session_v1_TaskStatuses__Output } from '../../../millrace/session/v1/TaskStatuses.ts';
import type { Received as _millrace_session_v1_Received, Received__Output as _millrace_session_v1_Received__Output } from '../../../millrace/session/v1/Received.ts';
import type { ReceiverReport as _millrace_session_v1_ReceiverReport, ReceiverReport__Output as _millrace_session_v1_ReceiverReport__Output } from '../../../millrace/session/v1/ReceiverReport.ts';
import type { Heartbeat as _millrace_session_v1_Heartbeat, Heartbeat__Output as _millrace_session_v1_Heartbeat__Output } from '../../../millrace/session/v1/Heartbeat.ts';
import type { ExecutorFailed as _millrace_session_v1_ExecutorFailed, ExecutorFailed__Output as _millrace_session_v1_ExecutorFailed__Output } from '../../../millrace/session/v1/ExecutorFailed.ts';
import type { ExecutorLeaving as _millrace_session_v1_ExecutorLeaving, ExecutorLeaving__Output as _millrace_session_v1_ExecutorLeaving__Output } from '../../../millrace/session/v1/ExecutorLeaving.ts';
import type { ExecutorTrouble as _millrace_session_v1_ExecutorTrouble, ExecutorTrouble__Output as _millrace_session_v1_ExecutorTrouble__Output } from '../../../millrace/session/v1/ExecutorTrouble.ts';
import type { Settled as _millrace_session_v1_Settled, Settled__Output as _millrace_session_v1_Settled__Output } from '../../../millrace/session/v1/Settled.ts';
import type { BlocksCopied as _millrace_session_v1_BlocksCopied, BlocksCopied__Output as _millrace_session_v1_BlocksCopied__Output } from '../../../millrace/session/v1/BlocksCopied.ts';
import type { Held as _millrace_session_v1_Held, Held__Output as _millrace_session_v1_Held__Output } from '../../../millrace/session/v1/Held.ts';
import type { ExecutorUnfit as _millrace_session_v1_ExecutorUnfit, ExecutorUnfit__Output as _millrace_session_v1_ExecutorUnfit__Output } from '../../../millrace/session/v1/ExecutorUnfit.ts';

export interface FromExecutor {
  'hello'?: (_millrace_session_v1_ExecutorHello | null);
  'ready'?: (_millrace_session_v1_ExecutorReady | null);
  'tasks'?: (_millrace_session_v1_TaskStatuses | null);
  'received'?: (_millrace_session_v1_Received | null);
  'receiver'?: (_millrace_session_v1_ReceiverReport | null);
  'heartbeat'?: (_millrace_session_v1_Heartbeat | null);
  'failed'?: (_millrace_session_v1_ExecutorFailed | null);
  'leaving'?: (_millrace_session_v1_ExecutorLeaving | null);
  'trouble'?: (_millrace_session_v1_ExecutorTrouble | null);
  'settled'?: (_millrace_session_v1_Settled | null);
  'blocksCopied'?: (_millrace_session_v1_BlocksCopied | null);
  'held'?: (_millrace_session_v1_Held | null);
  'unfit'?: (_millrace_session_v1_ExecutorUnfit | null);
  'message'?: "hello"|"ready"|"tasks"|"received"|"receiver"|"heartbeat"|"failed"|"leaving"|"trouble"|"settled"|"blocksCopied"|"held"|"unfit";
}

export interface FromExecutor__Output {
  'hello'?: (_millrace_session_v1_ExecutorHello__Output | null);
  'ready'?: (_millrace_session_v1_ExecutorReady__Output | null);
  'tasks'?: (_millrace_session_v1_TaskStatuses__Output | null);
  'received'?: (_millrace_session_v1_Received__Output | null);
  'receiver'?: (_millrace_session_v1_ReceiverReport__Output | null);
  'heartbeat'?: (_millrace_session_v1_Heartbeat__Output | null);
  'failed'?: (_millrace_session_v1_ExecutorFailed__Output | null);
  'leaving'?: (_millrace_session_v1_ExecutorLeaving__Output | null);
  'trouble'?: (_millrace_session_v1_ExecutorTrouble__Output | null);
  'settled'?: (_millrace_session_v1_Settled__Output | null);
  'blocksCopied'?: (_millrace_session_v1_BlocksCopied__Output | null);
  'held'?: (_millrace_session_v1_Held__Output | null);
  'unfit'?: (_millrace_session_v1_ExecutorUnfit__Output | null);
  'message'?: "hello"|"ready"|"tasks"|"received"|"receiver"|"heartbeat"|"failed"|"leaving"|"trouble"|"settled"|"blocksCopied"|"held"|"unfit";
}

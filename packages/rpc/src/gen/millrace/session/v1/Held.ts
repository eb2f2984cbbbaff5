// Original file: proto/millrace/session/v1/session_service.proto

import type { ReceivedBlock as _millrace_session_v1_ReceivedBlock, ReceivedBlock__Output as _millrace_session_v1_ReceivedBlock__Output } from '../../../millrace/session/v1/ReceivedBlock.ts';
import type { HeldRun as _millrace_session_v1_HeldRun, HeldRun__Output as _millrace_session_v1_HeldRun__Output } from '../../../millrace/session/v1/HeldRun.ts';

export interface Held {
  'blocks'?: (_millrace_session_v1_ReceivedBlock)[];
  'runs'?: (_millrace_session_v1_HeldRun)[];
}

export interface Held__Output {
  'blocks': (_millrace_session_v1_ReceivedBlock__Output)[];
  'runs': (_millrace_session_v1_HeldRun__Output)[];
}

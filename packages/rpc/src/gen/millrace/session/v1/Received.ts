// Original file: proto/millrace/session/v1/session_service.proto

import type { ReceivedBlock as _millrace_session_v1_ReceivedBlock, ReceivedBlock__Output as _millrace_session_v1_ReceivedBlock__Output } from '../../../millrace/session/v1/ReceivedBlock.ts';

export interface Received {
  'stream'?: (number);
  'blocks'?: (_millrace_session_v1_ReceivedBlock)[];
}

export interface Received__Output {
  'stream': (number);
  'blocks': (_millrace_session_v1_ReceivedBlock__Output)[];
}

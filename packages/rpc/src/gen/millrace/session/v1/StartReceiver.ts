// Original file: proto/millrace/session/v1/session_service.proto

import type { SocketTextReceiver as _millrace_session_v1_SocketTextReceiver, SocketTextReceiver__Output as _millrace_session_v1_SocketTextReceiver__Output } from '../../../millrace/session/v1/SocketTextReceiver.ts';
import type { SocketReceiver as _millrace_session_v1_SocketReceiver, SocketReceiver__Output as _millrace_session_v1_SocketReceiver__Output } from '../../../millrace/session/v1/SocketReceiver.ts';
import type { CustomReceiver as _millrace_session_v1_CustomReceiver, CustomReceiver__Output as _millrace_session_v1_CustomReceiver__Output } from '../../../millrace/session/v1/CustomReceiver.ts';
import type { RawSocketReceiver as _millrace_session_v1_RawSocketReceiver, RawSocketReceiver__Output as _millrace_session_v1_RawSocketReceiver__Output } from '../../../millrace/session/v1/RawSocketReceiver.ts';
import type { IterableReceiver as _millrace_session_v1_IterableReceiver, IterableReceiver__Output as _millrace_session_v1_IterableReceiver__Output } from '../../../millrace/session/v1/IterableReceiver.ts';
import type { BlockLevel as _millrace_session_v1_BlockLevel, BlockLevel__Output as _millrace_session_v1_BlockLevel__Output } from '../../../millrace/session/v1/BlockLevel.ts';
import type { ReceiverRun as _millrace_session_v1_ReceiverRun, ReceiverRun__Output as _millrace_session_v1_ReceiverRun__Output } from '../../../millrace/session/v1/ReceiverRun.ts';

export interface StartReceiver {
  'stream'?: (number);
  'socketText'?: (_millrace_session_v1_SocketTextReceiver | null);
  'socket'?: (_millrace_session_v1_SocketReceiver | null);
  'custom'?: (_millrace_session_v1_CustomReceiver | null);
  'blockIntervalMs'?: (number | string);
  'replicateTo'?: (string);
  'rawSocket'?: (_millrace_session_v1_RawSocketReceiver | null);
  'iterable'?: (_millrace_session_v1_IterableReceiver | null);
  'level'?: (_millrace_session_v1_BlockLevel | null);
  'run'?: (_millrace_session_v1_ReceiverRun | null);
  'receiver'?: "socketText"|"socket"|"custom"|"rawSocket"|"iterable";
  '_replicateTo'?: "replicateTo";
}

export interface StartReceiver__Output {
  'stream': (number);
  'socketText'?: (_millrace_session_v1_SocketTextReceiver__Output | null);
  'socket'?: (_millrace_session_v1_SocketReceiver__Output | null);
  'custom'?: (_millrace_session_v1_CustomReceiver__Output | null);
  'blockIntervalMs': (number);
  'replicateTo'?: (string);
  'rawSocket'?: (_millrace_session_v1_RawSocketReceiver__Output | null);
  'iterable'?: (_millrace_session_v1_IterableReceiver__Output | null);
  'level': (_millrace_session_v1_BlockLevel__Output | null);
  'run': (_millrace_session_v1_ReceiverRun__Output | null);
  'receiver'?: "socketText"|"socket"|"custom"|"rawSocket"|"iterable";
  '_replicateTo'?: "replicateTo";
}

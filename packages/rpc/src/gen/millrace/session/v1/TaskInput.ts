// Original file: proto/millrace/session/v1/session_service.proto

import type { BlockList as _millrace_session_v1_BlockList, BlockList__Output as _millrace_session_v1_BlockList__Output } from '../../../millrace/session/v1/BlockList.ts';
import type { FileRange as _millrace_session_v1_FileRange, FileRange__Output as _millrace_session_v1_FileRange__Output } from '../../../millrace/session/v1/FileRange.ts';

export interface TaskInput {
  'inline'?: (Buffer | Uint8Array | string);
  'blocks'?: (_millrace_session_v1_BlockList | null);
  'file'?: (_millrace_session_v1_FileRange | null);
  'partition'?: (number);
  'external'?: (Buffer | Uint8Array | string);
  'input'?: "inline"|"blocks"|"file"|"partition"|"external";
}

export interface TaskInput__Output {
  'inline'?: (Buffer);
  'blocks'?: (_millrace_session_v1_BlockList__Output | null);
  'file'?: (_millrace_session_v1_FileRange__Output | null);
  'partition'?: (number);
  'external'?: (Buffer);
  'input'?: "inline"|"blocks"|"file"|"partition"|"external";
}

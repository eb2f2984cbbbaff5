// Original file: proto/millrace/operator/v1/operator_service.proto

import type { SubmitHeader as _millrace_operator_v1_SubmitHeader, SubmitHeader__Output as _millrace_operator_v1_SubmitHeader__Output } from '../../../millrace/operator/v1/SubmitHeader.ts';

export interface SubmitRequest {
  'header'?: (_millrace_operator_v1_SubmitHeader | null);
  'artefactChunk'?: (Buffer | Uint8Array | string);
  'part'?: "header"|"artefactChunk";
}

export interface SubmitRequest__Output {
  'header'?: (_millrace_operator_v1_SubmitHeader__Output | null);
  'artefactChunk'?: (Buffer);
  'part'?: "header"|"artefactChunk";
}

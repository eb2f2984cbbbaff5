// Original file: proto/millrace/operator/v1/operator_service.proto

import type { LogStream as _millrace_operator_v1_LogStream, LogStream__Output as _millrace_operator_v1_LogStream__Output } from '../../../millrace/operator/v1/LogStream.ts';
import type { Long } from '@grpc/proto-loader';

export interface LogEntry {
  'timeMs'?: (number | string | Long);
  'stream'?: (_millrace_operator_v1_LogStream);
  'text'?: (string);
}

export interface LogEntry__Output {
  'timeMs': (number);
  'stream': (_millrace_operator_v1_LogStream__Output);
  'text': (string);
}

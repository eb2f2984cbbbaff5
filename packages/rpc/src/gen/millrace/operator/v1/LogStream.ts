// Original file: proto/millrace/operator/v1/operator_service.proto

export const LogStream = {
  LOG_STREAM_UNSPECIFIED: 'LOG_STREAM_UNSPECIFIED',
  LOG_STREAM_STDOUT: 'LOG_STREAM_STDOUT',
  LOG_STREAM_STDERR: 'LOG_STREAM_STDERR',
  LOG_STREAM_ENGINE: 'LOG_STREAM_ENGINE',
} as const;

export type LogStream =
  | 'LOG_STREAM_UNSPECIFIED'
  | 0
  | 'LOG_STREAM_STDOUT'
  | 1
  | 'LOG_STREAM_STDERR'
  | 2
  | 'LOG_STREAM_ENGINE'
  | 3

export type LogStream__Output = typeof LogStream[keyof typeof LogStream]

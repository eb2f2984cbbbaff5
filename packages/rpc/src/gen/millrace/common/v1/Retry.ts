// Original file: proto/millrace/common/v1/common.proto

export const Retry = {
  RETRY_UNSPECIFIED: 'RETRY_UNSPECIFIED',
  RETRY_NEVER: 'RETRY_NEVER',
  RETRY_SAME_TASK: 'RETRY_SAME_TASK',
  RETRY_PARENT_STAGE: 'RETRY_PARENT_STAGE',
} as const;

export type Retry =
  | 'RETRY_UNSPECIFIED'
  | 0
  | 'RETRY_NEVER'
  | 1
  | 'RETRY_SAME_TASK'
  | 2
  | 'RETRY_PARENT_STAGE'
  | 3

export type Retry__Output = typeof Retry[keyof typeof Retry]

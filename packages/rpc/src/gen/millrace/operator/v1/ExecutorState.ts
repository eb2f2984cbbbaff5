// Original file: proto/millrace/operator/v1/operator_service.proto

export const ExecutorState = {
  EXECUTOR_STATE_UNSPECIFIED: 'EXECUTOR_STATE_UNSPECIFIED',
  EXECUTOR_STATE_CONNECTED: 'EXECUTOR_STATE_CONNECTED',
  EXECUTOR_STATE_LOST: 'EXECUTOR_STATE_LOST',
  EXECUTOR_STATE_DRAINING: 'EXECUTOR_STATE_DRAINING',
} as const;

export type ExecutorState =
  | 'EXECUTOR_STATE_UNSPECIFIED'
  | 0
  | 'EXECUTOR_STATE_CONNECTED'
  | 1
  | 'EXECUTOR_STATE_LOST'
  | 2
  | 'EXECUTOR_STATE_DRAINING'
  | 3

export type ExecutorState__Output = typeof ExecutorState[keyof typeof ExecutorState]

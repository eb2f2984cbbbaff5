// Original file: proto/millrace/operator/v1/operator_service.proto

export const JobState = {
  JOB_STATE_UNSPECIFIED: 'JOB_STATE_UNSPECIFIED',
  JOB_STATE_STARTING: 'JOB_STATE_STARTING',
  JOB_STATE_RUNNING: 'JOB_STATE_RUNNING',
  JOB_STATE_STOPPING: 'JOB_STATE_STOPPING',
  JOB_STATE_FINISHED: 'JOB_STATE_FINISHED',
  JOB_STATE_FAILED: 'JOB_STATE_FAILED',
  JOB_STATE_KILLED: 'JOB_STATE_KILLED',
} as const;

export type JobState =
  | 'JOB_STATE_UNSPECIFIED'
  | 0
  | 'JOB_STATE_STARTING'
  | 1
  | 'JOB_STATE_RUNNING'
  | 2
  | 'JOB_STATE_STOPPING'
  | 3
  | 'JOB_STATE_FINISHED'
  | 4
  | 'JOB_STATE_FAILED'
  | 5
  | 'JOB_STATE_KILLED'
  | 6

export type JobState__Output = typeof JobState[keyof typeof JobState]

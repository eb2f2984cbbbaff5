// Original file: proto/millrace/common/v1/common.proto

export const Blame = {
  BLAME_UNSPECIFIED: 'BLAME_UNSPECIFIED',
  BLAME_USER: 'BLAME_USER',
  BLAME_ENGINE: 'BLAME_ENGINE',
  BLAME_ENVIRONMENT: 'BLAME_ENVIRONMENT',
} as const;

export type Blame =
  | 'BLAME_UNSPECIFIED'
  | 0
  | 'BLAME_USER'
  | 1
  | 'BLAME_ENGINE'
  | 2
  | 'BLAME_ENVIRONMENT'
  | 3

export type Blame__Output = typeof Blame[keyof typeof Blame]

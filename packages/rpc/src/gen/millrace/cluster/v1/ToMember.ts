// Original file: proto/millrace/cluster/v1/cluster_service.proto

import type { MemberWelcome as _millrace_cluster_v1_MemberWelcome, MemberWelcome__Output as _millrace_cluster_v1_MemberWelcome__Output } from '../../../millrace/cluster/v1/MemberWelcome.ts';
import type { MemberRefused as _millrace_cluster_v1_MemberRefused, MemberRefused__Output as _millrace_cluster_v1_MemberRefused__Output } from '../../../millrace/cluster/v1/MemberRefused.ts';
import type { StartJob as _millrace_cluster_v1_StartJob, StartJob__Output as _millrace_cluster_v1_StartJob__Output } from '../../../millrace/cluster/v1/StartJob.ts';
import type { StopJob as _millrace_cluster_v1_StopJob, StopJob__Output as _millrace_cluster_v1_StopJob__Output } from '../../../millrace/cluster/v1/StopJob.ts';
import type { MemberLeave as _millrace_cluster_v1_MemberLeave, MemberLeave__Output as _millrace_cluster_v1_MemberLeave__Output } from '../../../millrace/cluster/v1/MemberLeave.ts';
import type { HoldJob as _millrace_cluster_v1_HoldJob, HoldJob__Output as _millrace_cluster_v1_HoldJob__Output } from '../../../millrace/cluster/v1/HoldJob.ts';

export interface ToMember {
  'welcome'?: (_millrace_cluster_v1_MemberWelcome | null);
  'refused'?: (_millrace_cluster_v1_MemberRefused | null);
  'startJob'?: (_millrace_cluster_v1_StartJob | null);
  'stopJob'?: (_millrace_cluster_v1_StopJob | null);
  'leave'?: (_millrace_cluster_v1_MemberLeave | null);
  'holdJob'?: (_millrace_cluster_v1_HoldJob | null);
  'message'?: "welcome"|"refused"|"startJob"|"stopJob"|"leave"|"holdJob";
}

export interface ToMember__Output {
  'welcome'?: (_millrace_cluster_v1_MemberWelcome__Output | null);
  'refused'?: (_millrace_cluster_v1_MemberRefused__Output | null);
  'startJob'?: (_millrace_cluster_v1_StartJob__Output | null);
  'stopJob'?: (_millrace_cluster_v1_StopJob__Output | null);
  'leave'?: (_millrace_cluster_v1_MemberLeave__Output | null);
  'holdJob'?: (_millrace_cluster_v1_HoldJob__Output | null);
  'message'?: "welcome"|"refused"|"startJob"|"stopJob"|"leave"|"holdJob";
}

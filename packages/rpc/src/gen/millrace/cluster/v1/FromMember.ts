// Original file: proto/millrace/cluster/v1/cluster_service.proto

import type { MemberHello as _millrace_cluster_v1_MemberHello, MemberHello__Output as _millrace_cluster_v1_MemberHello__Output } from '../../../millrace/cluster/v1/MemberHello.ts';
import type { MemberHeartbeat as _millrace_cluster_v1_MemberHeartbeat, MemberHeartbeat__Output as _millrace_cluster_v1_MemberHeartbeat__Output } from '../../../millrace/cluster/v1/MemberHeartbeat.ts';
import type { JobStarted as _millrace_cluster_v1_JobStarted, JobStarted__Output as _millrace_cluster_v1_JobStarted__Output } from '../../../millrace/cluster/v1/JobStarted.ts';
import type { JobExited as _millrace_cluster_v1_JobExited, JobExited__Output as _millrace_cluster_v1_JobExited__Output } from '../../../millrace/cluster/v1/JobExited.ts';
import type { MemberLeaving as _millrace_cluster_v1_MemberLeaving, MemberLeaving__Output as _millrace_cluster_v1_MemberLeaving__Output } from '../../../millrace/cluster/v1/MemberLeaving.ts';
import type { MemberLeft as _millrace_cluster_v1_MemberLeft, MemberLeft__Output as _millrace_cluster_v1_MemberLeft__Output } from '../../../millrace/cluster/v1/MemberLeft.ts';

export interface FromMember {
  'hello'?: (_millrace_cluster_v1_MemberHello | null);
  'heartbeat'?: (_millrace_cluster_v1_MemberHeartbeat | null);
  'jobStarted'?: (_millrace_cluster_v1_JobStarted | null);
  'jobExited'?: (_millrace_cluster_v1_JobExited | null);
  'leaving'?: (_millrace_cluster_v1_MemberLeaving | null);
  'left'?: (_millrace_cluster_v1_MemberLeft | null);
  'message'?: "hello"|"heartbeat"|"jobStarted"|"jobExited"|"leaving"|"left";
}

export interface FromMember__Output {
  'hello'?: (_millrace_cluster_v1_MemberHello__Output | null);
  'heartbeat'?: (_millrace_cluster_v1_MemberHeartbeat__Output | null);
  'jobStarted'?: (_millrace_cluster_v1_JobStarted__Output | null);
  'jobExited'?: (_millrace_cluster_v1_JobExited__Output | null);
  'leaving'?: (_millrace_cluster_v1_MemberLeaving__Output | null);
  'left'?: (_millrace_cluster_v1_MemberLeft__Output | null);
  'message'?: "hello"|"heartbeat"|"jobStarted"|"jobExited"|"leaving"|"left";
}

// Original file: proto/millrace/cluster/v1/node_service.proto

import type { NodeHello as _millrace_cluster_v1_NodeHello, NodeHello__Output as _millrace_cluster_v1_NodeHello__Output } from '../../../millrace/cluster/v1/NodeHello.ts';
import type { NodeHeartbeat as _millrace_cluster_v1_NodeHeartbeat, NodeHeartbeat__Output as _millrace_cluster_v1_NodeHeartbeat__Output } from '../../../millrace/cluster/v1/NodeHeartbeat.ts';
import type { JobStarted as _millrace_cluster_v1_JobStarted, JobStarted__Output as _millrace_cluster_v1_JobStarted__Output } from '../../../millrace/cluster/v1/JobStarted.ts';
import type { JobExited as _millrace_cluster_v1_JobExited, JobExited__Output as _millrace_cluster_v1_JobExited__Output } from '../../../millrace/cluster/v1/JobExited.ts';
import type { NodeLeaving as _millrace_cluster_v1_NodeLeaving, NodeLeaving__Output as _millrace_cluster_v1_NodeLeaving__Output } from '../../../millrace/cluster/v1/NodeLeaving.ts';

export interface FromNode {
  'hello'?: (_millrace_cluster_v1_NodeHello | null);
  'heartbeat'?: (_millrace_cluster_v1_NodeHeartbeat | null);
  'jobStarted'?: (_millrace_cluster_v1_JobStarted | null);
  'jobExited'?: (_millrace_cluster_v1_JobExited | null);
  'leaving'?: (_millrace_cluster_v1_NodeLeaving | null);
  'message'?: "hello"|"heartbeat"|"jobStarted"|"jobExited"|"leaving";
}

export interface FromNode__Output {
  'hello'?: (_millrace_cluster_v1_NodeHello__Output | null);
  'heartbeat'?: (_millrace_cluster_v1_NodeHeartbeat__Output | null);
  'jobStarted'?: (_millrace_cluster_v1_JobStarted__Output | null);
  'jobExited'?: (_millrace_cluster_v1_JobExited__Output | null);
  'leaving'?: (_millrace_cluster_v1_NodeLeaving__Output | null);
  'message'?: "hello"|"heartbeat"|"jobStarted"|"jobExited"|"leaving";
}

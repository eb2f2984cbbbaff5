// Original file: proto/millrace/cluster/v1/node_service.proto

import type { NodeWelcome as _millrace_cluster_v1_NodeWelcome, NodeWelcome__Output as _millrace_cluster_v1_NodeWelcome__Output } from '../../../millrace/cluster/v1/NodeWelcome.ts';
import type { NodeRefused as _millrace_cluster_v1_NodeRefused, NodeRefused__Output as _millrace_cluster_v1_NodeRefused__Output } from '../../../millrace/cluster/v1/NodeRefused.ts';
import type { StartJob as _millrace_cluster_v1_StartJob, StartJob__Output as _millrace_cluster_v1_StartJob__Output } from '../../../millrace/cluster/v1/StartJob.ts';
import type { StopJob as _millrace_cluster_v1_StopJob, StopJob__Output as _millrace_cluster_v1_StopJob__Output } from '../../../millrace/cluster/v1/StopJob.ts';

export interface ToNode {
  'welcome'?: (_millrace_cluster_v1_NodeWelcome | null);
  'refused'?: (_millrace_cluster_v1_NodeRefused | null);
  'startJob'?: (_millrace_cluster_v1_StartJob | null);
  'stopJob'?: (_millrace_cluster_v1_StopJob | null);
  'message'?: "welcome"|"refused"|"startJob"|"stopJob";
}

export interface ToNode__Output {
  'welcome'?: (_millrace_cluster_v1_NodeWelcome__Output | null);
  'refused'?: (_millrace_cluster_v1_NodeRefused__Output | null);
  'startJob'?: (_millrace_cluster_v1_StartJob__Output | null);
  'stopJob'?: (_millrace_cluster_v1_StopJob__Output | null);
  'message'?: "welcome"|"refused"|"startJob"|"stopJob";
}

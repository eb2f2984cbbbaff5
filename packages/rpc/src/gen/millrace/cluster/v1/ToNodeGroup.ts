// Original file: proto/millrace/cluster/v1/node_service.proto

import type { ToNode as _millrace_cluster_v1_ToNode, ToNode__Output as _millrace_cluster_v1_ToNode__Output } from '../../../millrace/cluster/v1/ToNode.ts';

export interface ToNodeGroup {
  'messages'?: (_millrace_cluster_v1_ToNode)[];
}

export interface ToNodeGroup__Output {
  'messages': (_millrace_cluster_v1_ToNode__Output)[];
}

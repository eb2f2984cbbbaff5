// Original file: proto/millrace/cluster/v1/node_service.proto

import type { FromNode as _millrace_cluster_v1_FromNode, FromNode__Output as _millrace_cluster_v1_FromNode__Output } from '../../../millrace/cluster/v1/FromNode.ts';

export interface FromNodeGroup {
  'messages'?: (_millrace_cluster_v1_FromNode)[];
  'last'?: (boolean);
}

export interface FromNodeGroup__Output {
  'messages': (_millrace_cluster_v1_FromNode__Output)[];
  'last': (boolean);
}

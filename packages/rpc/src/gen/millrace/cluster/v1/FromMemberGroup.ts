// Original file: proto/millrace/cluster/v1/cluster_service.proto

import type { FromMember as _millrace_cluster_v1_FromMember, FromMember__Output as _millrace_cluster_v1_FromMember__Output } from '../../../millrace/cluster/v1/FromMember.ts';

export interface FromMemberGroup {
  'messages'?: (_millrace_cluster_v1_FromMember)[];
  'last'?: (boolean);
}

export interface FromMemberGroup__Output {
  'messages': (_millrace_cluster_v1_FromMember__Output)[];
  'last': (boolean);
}

// Original file: proto/millrace/cluster/v1/cluster_service.proto

import type { ToMember as _millrace_cluster_v1_ToMember, ToMember__Output as _millrace_cluster_v1_ToMember__Output } from '../../../millrace/cluster/v1/ToMember.ts';

export interface ToMemberGroup {
  'messages'?: (_millrace_cluster_v1_ToMember)[];
}

export interface ToMemberGroup__Output {
  'messages': (_millrace_cluster_v1_ToMember__Output)[];
}

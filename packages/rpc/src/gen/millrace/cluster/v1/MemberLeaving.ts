// Original file: proto/millrace/cluster/v1/cluster_service.proto


export interface MemberLeaving {
}

export interface MemberLeaving__Output {
}

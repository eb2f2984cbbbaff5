// Original file: proto/millrace/cluster/v1/cluster_service.proto


export interface MemberLeave {
}

export interface MemberLeave__Output {
}

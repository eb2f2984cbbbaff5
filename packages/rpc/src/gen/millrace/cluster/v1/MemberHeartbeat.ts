// Original file: proto/millrace/cluster/v1/cluster_service.proto


export interface MemberHeartbeat {
}

export interface MemberHeartbeat__Output {
}

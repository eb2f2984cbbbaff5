// Original file: proto/millrace/cluster/v1/cluster_service.proto


export interface MemberWelcome {
}

export interface MemberWelcome__Output {
}

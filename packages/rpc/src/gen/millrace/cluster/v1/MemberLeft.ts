// Original file: proto/millrace/cluster/v1/cluster_service.proto


export interface MemberLeft {
}

export interface MemberLeft__Output {
}

// Original file: proto/millrace/cluster/v1/node_service.proto


export interface NodeHeartbeat {
}

export interface NodeHeartbeat__Output {
}

// Original file: proto/millrace/cluster/v1/node_service.proto


export interface NodeLeaving {
}

export interface NodeLeaving__Output {
}

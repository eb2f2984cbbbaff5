// Original file: proto/millrace/cluster/v1/node_service.proto


export interface NodeWelcome {
}

export interface NodeWelcome__Output {
}

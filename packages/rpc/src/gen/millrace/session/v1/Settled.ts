// Original file: proto/millrace/session/v1/session_service.proto


export interface Settled {
}

export interface Settled__Output {
}

// Original file: proto/millrace/session/v1/session_service.proto


export interface Settle {
}

export interface Settle__Output {
}

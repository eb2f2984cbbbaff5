// Original file: proto/millrace/session/v1/session_service.proto


export interface ReceiverLogged {
}

export interface ReceiverLogged__Output {
}

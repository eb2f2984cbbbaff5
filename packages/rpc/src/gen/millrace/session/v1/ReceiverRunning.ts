// Original file: proto/millrace/session/v1/session_service.proto


export interface ReceiverRunning {
}

export interface ReceiverRunning__Output {
}

// Original file: proto/millrace/session/v1/session_service.proto


export interface ReceiverAnswering {
}

export interface ReceiverAnswering__Output {
}

// Original file: proto/millrace/session/v1/session_service.proto


export interface TaskCancelled {
}

export interface TaskCancelled__Output {
}

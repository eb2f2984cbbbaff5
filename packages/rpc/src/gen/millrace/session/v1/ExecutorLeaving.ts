// Original file: proto/millrace/session/v1/session_service.proto


export interface ExecutorLeaving {
}

export interface ExecutorLeaving__Output {
}

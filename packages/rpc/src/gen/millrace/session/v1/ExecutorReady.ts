// Original file: proto/millrace/session/v1/session_service.proto


export interface ExecutorReady {
}

export interface ExecutorReady__Output {
}

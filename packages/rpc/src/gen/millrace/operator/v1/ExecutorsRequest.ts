// Original file: proto/millrace/operator/v1/operator_service.proto


export interface ExecutorsRequest {
}

export interface ExecutorsRequest__Output {
}

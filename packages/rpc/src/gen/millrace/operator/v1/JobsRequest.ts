// Original file: proto/millrace/operator/v1/operator_service.proto


export interface JobsRequest {
}

export interface JobsRequest__Output {
}

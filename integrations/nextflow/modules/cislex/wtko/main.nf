process CISLEX_WTKO {
    tag "$meta.id"
    label 'process_low'

    // The command only; the services are those of CISLEX_CONTEXT (see nextflow.config).
    container "${ task.ext.container ?: 'cislex-client:0.1.0-cpu' }"

    input:
    tuple val(meta), path(wt), path(ko)
    tuple val(meta2), path(fasta)
    path blacklist

    output:
    tuple val(meta), path("${prefix}")                     , emit: results
    tuple val(meta), path("${prefix}/report.html")         , emit: report
    tuple val(meta), path("${prefix}/run.json")            , emit: run
    tuple val(meta), path("${prefix}/metrics.json")        , emit: metrics, optional: true
    tuple val(meta), path("${prefix}/model.onnx")          , emit: onnx   , optional: true
    tuple val(meta), path("${prefix}/motifs.meme")         , emit: motifs , optional: true
    tuple val(meta), path("${prefix}/matches.tsv")         , emit: matches, optional: true
    tuple val(meta), path("${prefix}/drops.tsv")           , emit: drops  , optional: true
    path "versions.yml"                                    , emit: versions

    when:
    task.ext.when == null || task.ext.when

    script:
    def args = task.ext.args ?: ''
    def blacklist_arg = blacklist ? "--blacklist ${blacklist}" : ''
    prefix = task.ext.prefix ?: "${meta.id}"
    """
    cislex run wtko \\
        --wt ${wt} \\
        --ko ${ko} \\
        --genome ${fasta} \\
        ${blacklist_arg} \\
        --out ${prefix} \\
        --output json \\
        ${args}

    cat <<-END_VERSIONS > versions.yml
    "${task.process}":
        cislex: \$(cislex --version | sed 's/^cislex //')
    END_VERSIONS
    """

    stub:
    prefix = task.ext.prefix ?: "${meta.id}"
    """
    mkdir ${prefix}
    touch ${prefix}/report.html ${prefix}/run.json

    cat <<-END_VERSIONS > versions.yml
    "${task.process}":
        cislex: \$(cislex --version | sed 's/^cislex //')
    END_VERSIONS
    """
}
